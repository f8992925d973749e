"""FastAPI + Gradio chat, embeddable widget, HTTP API. Knows nothing of FAISS."""
