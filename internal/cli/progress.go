package cli

import (
	"fmt"
	"sync"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
)

// When long work becomes visible, and how often it is redrawn or repeated.
const (
	progressAfter = 300 * time.Millisecond
	progressEvery = 100 * time.Millisecond
	plainEvery    = 10 * time.Second
)

// working shows that something is going on whose end is not known, such as
// compiling: a spinner with the elapsed time on a terminal, a plain line every
// ten seconds elsewhere. The returned function ends it and leaves nothing
// behind; it may be called more than once.
func (s *session) working(what string) (done func()) {
	if !s.progress {
		return func() {}
	}
	stop := make(chan struct{})
	var finished sync.WaitGroup
	finished.Add(1)
	go func() {
		defer finished.Done()
		if s.err.tty {
			s.spin(what, stop)
		} else {
			s.tick(what, stop, plainEvery)
		}
	}()
	var once sync.Once
	return func() {
		once.Do(func() { close(stop) })
		finished.Wait()
	}
}

// spin waits for the work to become long, then shows a spinner until stop.
func (s *session) spin(what string, stop <-chan struct{}) {
	timer := time.NewTimer(progressAfter)
	defer timer.Stop()
	select {
	case <-stop:
		return
	case <-timer.C:
	}
	p := mpb.New(mpb.WithOutput(s.err.display()), mpb.WithRefreshRate(progressEvery), mpb.WithWidth(s.err.width()), mpb.WithAutoRefresh())
	bar := p.New(0, mpb.SpinnerStyle(`|`, `/`, `-`, `\`).PositionLeft(),
		mpb.BarRemoveOnComplete(), mpb.BarWidth(2),
		mpb.AppendDecorators(decor.Name(what+" "), decor.Elapsed(decor.ET_STYLE_GO)))
	<-stop
	bar.Abort(true)
	p.Wait()
}

// tick prints a plain line at every interval until stop.
func (s *session) tick(what string, stop <-chan struct{}, every time.Duration) {
	start := time.Now()
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		select {
		case <-stop:
			return
		case <-ticker.C:
			fmt.Fprintf(s.err.w, "vudo: %s, %s so far\n", what, time.Since(start).Round(time.Second))
		}
	}
}
