"""From checked tables to the results of one model area: effects, claims, appendix."""
