package host

// OutputRoom is how many bytes of output the call may still produce.
func (s *State) OutputRoom() uint64 { return s.limits.OutputBytes - s.output.written }

// Return appends the result of a declared export to what the call wrote, to its
// stream where it has one. It answers Success, LimitHit when the result does not
// fit, and then nothing was written, or Internal when the stream failed. p is
// copied. It is used on the guest's stack only.
func (s *State) Return(p []byte) Code { return s.write(p) }
