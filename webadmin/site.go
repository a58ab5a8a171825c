package webadmin

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"
)

// SiteConfig is what the page is told.
type SiteConfig struct {
	Admin  Admin    // who may log in
	Hosts  []string // names that the box is reached by, besides its addresses and localhost
	Secure bool     // it is served by TLS
}

// Site is the web page: the same routes as the door's, and pages, behind a login.
//
//	connection -> limited -> guard (host, origin, headers) -> login -> page | API
//	                                                            beat -> events -> open pages
type Site struct {
	parts  Parts
	cfg    SiteConfig
	log    *slog.Logger
	router *gin.Engine
	logins *logins
	beat   *beat

	metrics http.Handler
}

// NewSite is a page that nobody can reach until Run.
func NewSite(parts Parts, cfg SiteConfig, log *slog.Logger) *Site {
	s := &Site{parts: parts, cfg: cfg, log: log, router: newRouter(log), logins: newLogins(time.Now)}
	s.beat, s.metrics = newBeat(s.sections, log), newMetrics(s.look)
	s.router.Use(guard(cfg), quota())
	s.router.GET("/healthz", healthy)
	s.router.StaticFS("/static", statics())
	s.router.GET("/login", s.getLogin)
	s.router.POST("/login", s.postLogin)
	s.router.POST("/setup", s.postSetup)
	inside := s.router.Group("", s.needsLogin)
	inside.POST("/logout", s.postLogout)
	inside.GET("/", s.getLive)
	inside.POST("/press/:button", s.postButton)
	inside.GET("/events", s.getEvents)
	inside.GET("/metrics", s.getMetrics)
	s.sessionRoutes(inside)
	s.recordingRoutes(inside)
	s.settingsRoutes(inside)
	s.systemRoutes(inside)
	apiRoutes(inside, parts)
	return s
}

// ServeHTTP implements http.Handler.
func (s *Site) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.router.ServeHTTP(w, r) }

// Routes are all that the page answers to, as "GET /path".
func (s *Site) Routes() []string {
	var all []string
	for _, r := range s.router.Routes() {
		all = append(all, r.Method+" "+r.Path)
	}
	return all
}

const (
	headerLimit = 5 * time.Second  // until a request has said what it wants
	idleLimit   = 30 * time.Second // between two requests
	readLimit   = 15 * time.Second // for a request of who is not logged in, all of it
	writeLimit  = 30 * time.Second // and for the answer
)

// Run serves the page on a listener until ctx ends. Who is slow, or comes too often, is cut off: the box has other work.
func (s *Site) Run(ctx context.Context, listener net.Listener) error {
	server := &http.Server{Handler: s, ReadHeaderTimeout: headerLimit, IdleTimeout: idleLimit, ReadTimeout: readLimit, WriteTimeout: writeLimit, MaxHeaderBytes: 16 << 10,
		ErrorLog: slog.NewLogLogger(quietHandler{s.log.Handler()}, slog.LevelDebug)}
	beating, stop := context.WithCancel(ctx)
	defer stop()
	go s.beat.run(beating)
	server.RegisterOnShutdown(stop)
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(newLimited(listener)) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	err := server.Shutdown(grace)
	if errors.Is(err, context.DeadlineExceeded) {
		err = server.Close()
	}
	return err
}
