"""Trains the adapter that makes the embedded language model good at the table.

`pairs` generates instructions with the programs that follow them, `checked` whether these do what
they should, `llama` is the model, `train` trains, `export` writes what llama.cpp loads.
"""
