"""Glossary: every term of the app in one plain sentence, for help texts and for docs/glossary.md.

`help_for("cosine similarity")` is the text behind a question mark. `python -m pages.shared.widgets.glossary` prints
docs/glossary.md; a test fails while that file differs.
"""

from __future__ import annotations

from collections.abc import Mapping

_DOCUMENTS: Mapping[str, str] = {
    "collection": "A named set of documents with their chunks, embeddings and conversations, stored in one file.",
    "document": "A file or pasted text that was added to a collection.",
    "chunk": "A piece of a document, usually a few sentences long, that gets one embedding and one point on the map.",
    "chunking": "Splitting the text of a document into chunks, at a chosen size and at chosen places.",
    "context line": "A document's title and the headings above a chunk, in one line that is read before its text.",
    "overlap": "The number of tokens at the start of a chunk that repeat the end of the chunk before it.",
    "token": "A word or part of a word: the unit in which a model reads text and in which lengths are counted.",
    "split threshold": "The percentage of sentence boundaries at which a new chunk starts: those where the two "
    "sentences are least similar.",
}

_EMBEDDINGS: Mapping[str, str] = {
    "embedding": "A list of numbers (a vector) that a model computes from a text, so that texts with similar meaning "
    "get similar numbers.",
    "embedding model": "The model that turns a text into its embedding; a collection uses the same one for its chunks "
    "and for your questions.",
    "dimension": "How many numbers an embedding has.",
    "bf16": "bfloat16, a number format of 16 bits instead of 32: faster to compute with, a little less exact.",
    "cosine similarity": "How closely the directions of two embeddings agree: 1 means the same direction, about 0 "
    "means unrelated.",
    "nearest neighbors": "The chunks whose embeddings are most similar to the embedding of a text.",
    "mutual neighbors": "Two chunks that are each among the nearest neighbors of the other.",
    "contribution": "The part of a cosine similarity that comes from one pair of tokens, one from each text.",
    "token table": "The table in which a model looks up one vector for each token, the same in every text.",
    "layer": "One of the steps in which a model computes: each changes the vector of every token by what the other "
    "tokens say.",
    "contextual vector": "The vector of a token after some layers: the same word has another one in another sentence.",
    "attention": "How much each token takes from each other token in a layer; what a token takes adds up to 1.",
    "head": "One of several kinds of attention that a layer has at the same time.",
    "pooling": "Making one embedding of the vectors of all tokens, usually by their mean.",
    "contrastive training": "Training on pairs of texts that belong together: their embeddings are pulled together, "
    "and those of all other texts are pushed apart.",
    "Matryoshka": "Training after which the first numbers of an embedding can be used alone, as a shorter embedding.",
    "vector arithmetic": "Adding and subtracting the embeddings of texts, then looking for the chunks most similar to "
    "the result.",
    "interpolation": "Moving in a straight line from the embedding of one text to the embedding of another.",
}

_MAP: Mapping[str, str] = {
    "projection": "A way to draw embeddings of many dimensions in 2D or 3D, keeping similar chunks close together as "
    "well as it can.",
    "layout": "The positions of all points that one projection with one group of settings computed.",
    "UMAP": "A projection that keeps each chunk close to its nearest neighbors and roughly shows how groups relate.",
    "t-SNE": "A projection that separates groups clearly; the distances between groups mean little.",
    "PCA": "A projection onto the directions in which the embeddings differ most; it is fast and always gives the same "
    "map, but it mixes groups.",
    "n_neighbors": "How many nearest neighbors of each chunk the projection tries to keep close: a small number shows "
    "fine detail, a large one the overall structure.",
    "perplexity": "The t-SNE setting for how many neighbors of each chunk count: a small number shows fine detail, a "
    "large one the overall structure.",
    "min_dist": "How close together UMAP may place points: 0 packs similar chunks tightly, larger values spread them "
    "evenly.",
    "metric": "How the distance between two embeddings is measured, for example by the angle between them (cosine).",
    "seed": "The number that random choices start from: the same seed gives the same map.",
    "map quality": "How well the map keeps the neighborhoods of the embeddings, measured by trustworthiness, "
    "continuity and neighbors preserved.",
    "trustworthiness": "How far points close together on the map really have similar embeddings; 1 is best.",
    "continuity": "How far chunks with similar embeddings are also close together on the map; 1 is best.",
    "neighbors preserved": "The average share of a chunk's nearest neighbors that are also its nearest points on the "
    "map.",
    "local distortion": "How much the map misplaces the neighbors of one chunk.",
    "cluster": "A group of points that lie close together on the map, with fewer points around it.",
    "cluster granularity": "How finely the map is divided: fine gives many small clusters, coarse gives a few large "
    "ones.",
    "unclustered": "A point that lies in no dense group of points and so belongs to no cluster.",
    "key terms": "The words that occur much more often in one cluster than in the others.",
}

_INDEXES: Mapping[str, str] = {
    "index": "A structure that finds the nearest neighbors of an embedding, if possible without comparing it with "
    "every chunk.",
    "exact search": "Comparing the question with every chunk, so that no neighbor is missed.",
    "recall": "The share of the true nearest neighbors that an index finds; 1 means that it finds them all.",
    "Flat": "The exact index: it compares the question with every chunk, misses nothing, and gets slower as the "
    "collection grows.",
    "IVF": "An index that sorts chunks into lists around centers (inverted file) and searches only the lists nearest "
    "to the question.",
    "HNSW": "An index that links each chunk to similar ones (hierarchical navigable small world graph) and follows the "
    "links towards the question.",
    "SQ8": "Scalar quantization: each number of an embedding is stored in one byte instead of four, which makes scores "
    "slightly less exact.",
    "PQ": "Product quantization: embeddings are cut into pieces and each piece is replaced by the most similar of a "
    "few typical pieces, which saves memory and makes scores less exact.",
    "RaBitQ": "An index that rotates embeddings randomly and stores only a few bits per dimension, which saves most of "
    "the memory and makes scores less exact.",
    "nlist": "The number of lists into which an IVF index sorts the chunks: with more lists, each search is faster and "
    "misses more.",
    "nprobe": "How many lists an IVF index opens for each question: with more lists, it finds more and takes longer.",
    "M": "How many links each chunk has in an HNSW index: with more links, it finds more and needs more memory.",
    "efConstruction": "How many candidates an HNSW index considers while it is built: with more, its links are better "
    "and building takes longer.",
    "efSearch": "How many candidates an HNSW index considers during a search: with more, it finds more and takes "
    "longer.",
}

_SEARCH: Mapping[str, str] = {
    "semantic search": "Search by meaning: it finds the chunks whose embeddings are most similar to that of the "
    "question, even when the words differ.",
    "keyword search": "Search by words: it finds the chunks that contain the words of the question.",
    "BM25": "The usual score of keyword search: rare words count more than common ones, and words in short chunks more "
    "than in long ones.",
    "hybrid search": "Search by meaning and by words together, ranked by a weighted sum of their scores, in which "
    "meaning counts more, the better the embedding model reads the question.",
    "MMR": "Maximal marginal relevance: it skips results that repeat earlier ones, so that the list has more variety.",
    "hit": "A chunk that a search found, with its rank and its score.",
    "minimum similarity": "The lowest cosine similarity to the question at which a chunk is still used.",
}

_CHAT: Mapping[str, str] = {
    "passage": "A chunk that was found for a question and given to the model as a source.",
    "prompt": "The whole text that is sent to the model: instructions, passages, earlier messages and the question.",
    "prompt template": "The fixed text of a prompt, with placeholders for the passages and the question.",
    "context window": "The largest number of tokens a model can process at once, prompt and answer together.",
    "temperature": "How much chance is involved in choosing each token: 0 always takes the most likely one, higher "
    "values give more varied answers.",
    "reasoning": "The text that some models write before their answer, while they work it out.",
    "citation": "The number after a sentence of the answer that points to the passage supporting it; the app computes "
    "it, the model does not write it.",
    "says something else?": 'A sentence of the answer that resembles a passage but may differ from it in a "not", a '
    "name, an opposite word, a unit or an order; found by rules that can be wrong, so compare both.",
    "backed by sources": "A sentence of the answer that matches a passage in meaning, words and numbers; this shows "
    "where it may come from, not that it is true.",
    "leave-one-out": "Answering again with one passage left out each time, to see which sentences of the answer change "
    "without it.",
    "question rewriting": "Turning a follow-up question into one that makes sense without the conversation, so that "
    "search can find something for it.",
    "base model": "A model that only continues a text and was not trained to answer in a chat.",
    "parameters": "The numbers a model learned in training; models with more of them usually answer better and need "
    "more memory and time.",
    "quantization": "Storing the numbers of a model with fewer bits, which makes it smaller and a little less exact.",
}

_QUALITY: Mapping[str, str] = {
    "near-duplicate": "One of two chunks that are so similar that they say almost the same thing.",
    "duplicate threshold": "The cosine similarity from which two chunks count as near-duplicates; 1 finds only exact "
    "copies.",
    "hub": "A chunk that is among the nearest neighbors of unusually many other chunks, so it appears in many results.",
    "outlier": "A chunk that is not similar to any other chunk.",
    "shared neighbors": "The share of a chunk's nearest neighbors that two embedding models have in common.",
    "word counts": "A simple model that compares texts only by the words they contain, not by their meaning.",
}

_EVALUATION: Mapping[str, str] = {
    "exam": "A set of questions with the passages that answer them, to measure how well a search finds these passages.",
    "expected passage": "The part of a document that answers a question of an exam; a chunk counts as that passage if "
    "the two share at least half of the shorter one.",
    "copied words": "The share of a question's words, without common ones such as 'the', that are also in its passage: "
    "with many copied words, search by words looks better than it is for people, who do not know the passage.",
    "unanswerable question": "A question of an exam that no document answers, to see whether a low similarity "
    "reveals it.",
    "recall@k": "The share of a question's expected passages that are among the first k results, averaged over the "
    "questions.",
    "hit rate": "The share of questions with at least one expected passage among the first k results.",
    "nDCG": "Normalized discounted cumulative gain of the first 10 results: 1 if every expected passage is at the top, "
    "less the lower they are, and 0 if none is found.",
    "MRR": "Mean reciprocal rank: 1 divided by the rank of the first expected passage among the first 10 results, "
    "averaged over the questions; 1 means that it is always first.",
    "span recall": "The share of the characters of a question's expected passages that the first k results hold.",
    "span precision": "The share of the characters of the first k results that belong to an expected passage; text "
    "that two results share counts twice.",
    "IoU": "Intersection over union: the characters of expected passages in the first k results, divided by all "
    "characters in either; high only if the results hold the passages and little else.",
    "confidence interval": "The range in which the average would probably lie for other questions of the same kind: "
    "95 % of averages over questions drawn again at random fall into it.",
    "p-value": "How often two equally good searches would differ at least this much by chance; a difference counts as "
    "clear below 0.05.",
    "Holm correction": "Making p-values larger when many settings are compared at once, so that a difference by chance "
    "is not called clear because one looked often.",
    "baseline": "The run or search that others are compared with.",
}

SECTIONS: Mapping[str, Mapping[str, str]] = {
    "Documents": _DOCUMENTS,
    "Embeddings and neighbors": _EMBEDDINGS,
    "Map": _MAP,
    "Indexes": _INDEXES,
    "Search": _SEARCH,
    "Chat and models": _CHAT,
    "Data quality and comparison": _QUALITY,
    "Evaluation": _EVALUATION,
}
"""The terms by topic; a term occurs once."""


def help_for(term: str) -> str:
    """The sentence that explains a term, for the `help` of a control.

    Raises:
        ValueError: the glossary has no such term.
    """
    for terms in SECTIONS.values():
        if term in terms:
            return terms[term]
    raise ValueError(f"The glossary has no term '{term}'. Add it to {__name__}.")


def as_markdown() -> str:
    """The text of docs/glossary.md: one heading for each topic, one line for each term."""
    opening = "The terms of Embedding Explorer, one sentence each. The help texts of the pages use them."
    parts = [f"# Glossary\n\n{opening}\n"]
    for title, terms in SECTIONS.items():
        lines = "".join(f"- **{term}**: {sentence}\n" for term, sentence in terms.items())
        parts.append(f"## {title}\n\n{lines}")
    return "\n".join(parts)


if __name__ == "__main__":
    print(as_markdown(), end="")
