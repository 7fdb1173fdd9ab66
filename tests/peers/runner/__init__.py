"""What installs the clients, starts the emulator, runs the scenarios and counts."""
