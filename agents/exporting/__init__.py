"""A trained policy for use without nearsym: plain dense layers in a file of ONNX or torch, checked, with a card."""
