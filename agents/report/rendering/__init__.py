"""Figures, tables and pages: numbers in, SVG, PNG, HTML, Markdown and CSV out."""
