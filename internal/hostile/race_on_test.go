//go:build race

package hostile

// raceDetector says that the process holds the race detector's shadow memory,
// which counts against no bound.
const raceDetector = true
