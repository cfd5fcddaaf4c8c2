"""What a test holds: mock_destinations, Destmock and faults; this package alone puts the parts together."""
