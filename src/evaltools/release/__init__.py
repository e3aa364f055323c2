"""What may leave the office: disclosure control, then tables, figures and sentences."""
