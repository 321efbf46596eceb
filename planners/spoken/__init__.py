"""What is made of speech: a recogniser's guesses become a line, as if it had been typed."""
