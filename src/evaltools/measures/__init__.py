"""Indicators and descriptions, without inference about effects."""
