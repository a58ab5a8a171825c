// Package delivery owns a box's side of bringing studio recordings to the producers: the outbox of whoever records, the inbox
// of a producer, and the way of both to the files' door of the hub, which speaks tus (tus.io, protocol 1.0.0).
//
//	recorder --bytes on the disk--> Outbox --tus--> hub (delivery/door) --GET--> Inbox --> received folder
//	                                   ^                                           |
//	                                   +------------- taken: delivered <-----------+
//
// A take is sent while it grows: as much of it as has reached the disk here, so that what a power cut takes from a take was
// never sent. Its first frame is written once more when its length is known, and goes to the hub at the end, to be put in its
// place. Both ends then compare length and SHA-256.
//
// Each end decides in a pure book (what goes next, what is missing) and acts in one goroutine: one attempt, then the book
// is told what came of it. Whatever is cut off, by whatever means, the next attempt asks the hub how far the last one came.
package delivery
