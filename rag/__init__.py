"""The core of Embedding Explorer: documents in, neighbors, a map and cited answers out. No Streamlit."""

import os

# Threads that wait for one another sleep instead of keeping a core busy. Next to a busy process, such as a browser,
# embedding a batch takes about 0.7 times as long; on an idle machine about 1.03 times (`bench.waiting_threads`).
# PyTorch and FAISS read this variable when they are imported.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
# Each new shape of a batch takes about 0.4 MB of torch's library for matrix products, up to 1,024 shapes. Shapes seldom
# come again, so a smaller cache is as quick (`python -m bench.batches`).
os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "128")
