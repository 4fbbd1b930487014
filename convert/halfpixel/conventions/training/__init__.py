"""What training frameworks beside PyTorch and TensorFlow call a resize."""
