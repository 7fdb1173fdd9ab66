"""Installs the clients, starts the emulator, runs the scenarios and reports the results."""
