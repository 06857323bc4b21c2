"""Tests of the parts that all pages are made of."""
