"""Hearing speech: sound, voice activity, and two recognisers side by side."""
