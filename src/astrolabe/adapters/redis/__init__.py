"""Wake-ups over hosts by Redis; losing it loses nothing."""
