package server

import (
	"maps"
	"slices"
)

// Rooms are all that somebody was ever invited into, in use or not.
func (s *Server) Rooms() []string { return slices.Sorted(maps.Values(s.registry.names())) }
