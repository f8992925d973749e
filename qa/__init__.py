"""Question -> Answer. Knows nothing of Gradio or HTTP."""
