"""The page at `/_destmock`: functions, destinations, events and the queue, to look at and to drive."""
