"""The word index: which words, and which pieces of words, occur in which chunk, and the BM25 scores that follow."""
