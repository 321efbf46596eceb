"""What a person moves the hand with: the keys of a terminal, the sticks of a gamepad."""
