"""Test exams: documents, questions and the relevant documents of each question; how well the search ranks them."""
