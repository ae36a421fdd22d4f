"""Make exam questions from the structure of documents: headings, FAQs, glossaries, captions, indexes, references."""
