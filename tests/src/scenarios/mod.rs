//! What a user does with the clients, one file per noun.
