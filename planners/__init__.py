"""What the robot should do next: fixed goals, or a language model's program."""
