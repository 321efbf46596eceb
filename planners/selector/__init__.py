"""The learned high-level policy: what to ask for next, in words, and how words correct it.

After "Yell At Your Robot" (arXiv 2403.12910): the history of what is seen and of what was asked for
becomes an embedding of language, which is compared with those of known commands.
"""
