"""Coaching: what a person may ask for, in which words, and who shows how it is done."""
