"""Jobs: their rows, the queue, the leases, the limits, and the files that belong to them."""
