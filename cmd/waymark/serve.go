package main

import (
	"context"
	"crypto/rand"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"waymark/internal/evidence"
	"waymark/internal/fault"
	"waymark/internal/guard"
	"waymark/internal/intake"
	"waymark/internal/live"
	"waymark/internal/plan"
	"waymark/internal/roster"
	"waymark/internal/sso"
	"waymark/internal/store"
	"waymark/internal/web"
)

// serving are the flags of commands that serve.
type serving struct {
	listen      string
	cert, key   string
	behindHTTPS bool
	planGrades  string
	signIn      string
	metrics     string
	patience    time.Duration
}

func (s *serving) declare(fs *flag.FlagSet) {
	fs.StringVar(&s.listen, "listen", "127.0.0.1:8080", "`address` and port to serve on")
	fs.StringVar(&s.cert, "tls-cert", "", "certificate `file`, to serve HTTPS")
	fs.StringVar(&s.key, "tls-key", "", "key `file` of the certificate")
	fs.StringVar(&s.planGrades, "plan-grades", "7-12", "`grades` in which every student must have a signed plan, such as 7-12 or K-5")
	fs.StringVar(&s.signIn, "sign-in", "", "`file` of services that sign people in, such as Google or Clever (docs/operations.md)")
	fs.StringVar(&s.metrics, "metrics-token", "", "`file` with a token that lets another machine read /metrics (Authorization: Bearer TOKEN)")
	fs.DurationVar(&s.patience, "answer-within", 50*time.Second, "`time` after which a request that is not answered is given up, and told so")
	fs.BoolVar(&s.behindHTTPS, "behind-https", false, "a proxy in front of this server speaks HTTPS and adds X-Forwarded-For")
}

// providers reads the file of services that sign people in.
func (s *serving) providers(ctx context.Context, db *store.DB) ([]*sso.Provider, error) {
	if s.signIn == "" {
		return nil, nil
	}
	f, err := os.Open(s.signIn)
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, err, "The file of services cannot be read")
	}
	defer f.Close()
	all, err := sso.Read(f)
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, err, "%s: %s", s.signIn, strings.TrimSuffix(fault.Sentence(err), "."))
	}
	districts, err := db.Districts(ctx)
	for _, p := range all {
		if p.District == "" && len(districts) == 1 {
			p.District = districts[0].ID
		}
		if !slices.ContainsFunc(districts, func(d roster.District) bool { return d.ID == p.District }) {
			return nil, fault.Field("district", "%s: the service %s is for the district %q, and there is none of that name.", s.signIn, p.ID, p.District)
		}
	}
	return all, err
}

func serveCommand(e *env) *command {
	var o options
	var s serving
	return &command{
		name: "serve", args: "[--listen ADDR]", short: "Serve Waymark in browsers.",
		long:     "Stops when interrupted, after answering what has been asked. Serves on the socket that systemd holds open for it, if there is one.",
		examples: []string{"waymark serve --data waymark-data", "waymark serve --database-url postgres://waymark@db/waymark --listen :8080 --behind-https"},
		flags: func(fs *flag.FlagSet) {
			o.declare(fs, e)
			s.declare(fs)
		},
		run: func(ctx context.Context, e *env, _ []string) error {
			db, err := o.open(ctx, e)
			if err != nil {
				return err
			}
			defer db.Close()
			return serve(ctx, e, db, s, false, func(url string) error {
				fmt.Fprintf(e.stderr, "Waymark serves on %s\n", url)
				return nil
			})
		},
	}
}

// leastToken is how long a token to read the counters has to be.
const leastToken = 16

func (s *serving) metricsToken() (string, error) {
	if s.metrics == "" {
		return "", nil
	}
	raw, err := os.ReadFile(s.metrics)
	if err != nil {
		return "", fault.Wrap(fault.Invalid, err, "The file of the token for /metrics cannot be read")
	}
	token := strings.TrimSpace(string(raw))
	if len(token) < leastToken {
		return "", fault.New(fault.Invalid, "%s: a token has at least %d characters; openssl rand -hex 20 makes one.", s.metrics, leastToken)
	}
	return token, nil
}

// warn tells of what is not safe about how this server is set up.
func (s *serving) warn(ctx context.Context, db *store.DB, log *slog.Logger) error {
	open, err := db.Unfenced(ctx)
	if err != nil {
		return err
	}
	if open {
		log.Warn("PostgreSQL does not keep districts apart: Waymark connects as a superuser. Let it connect as the owner of its own database (docs/operations.md).")
	}
	if db.Exposed() {
		log.Warn("What is said between Waymark and PostgreSQL can be read, or somebody else can answer: write sslmode=verify-full into the address of the database (docs/operations.md).")
	}
	if host, _, _ := net.SplitHostPort(s.listen); s.cert == "" && !s.behindHTTPS && host != "localhost" && !net.ParseIP(host).IsLoopback() {
		log.Warn("Whoever is on the way can read what is sent, passwords too: serve HTTPS with --tls-cert and --tls-key, or through a proxy with --behind-https.", "listen", s.listen)
	}
	return nil
}

// serve runs the server until the context ends; ready is told the address once it
// listens.
func serve(ctx context.Context, e *env, db *store.DB, s serving, isDemo bool, ready func(url string) error) error {
	if (s.cert == "") != (s.key == "") {
		return usage("--tls-cert and --tls-key belong together")
	}
	if s.patience <= 0 {
		return usage("--answer-within is a time such as 50s")
	}
	grades, err := plan.ParseGrades(s.planGrades)
	if err != nil {
		return usage("--plan-grades: %v", err)
	}
	providers, err := s.providers(ctx, db)
	if err != nil {
		return err
	}
	token, err := s.metricsToken()
	if err != nil {
		return err
	}
	log := slog.New(slog.NewJSONHandler(e.stderr, nil))
	if err := s.warn(ctx, db, log); err != nil {
		return err
	}
	hub := &live.Hub{}
	news := newAnnouncer(ctx, db, hub, log)
	defer news.close()
	recorder := db.NewRecorder(news.changed)
	defer recorder.Close()
	site, err := web.New(web.Config{
		Store: db, Recorder: recorder, Intake: intake.Importer{Store: db, Now: e.now}, Hub: hub,
		Now: e.now, Random: rand.Reader, Log: log, Secure: s.cert != "" || s.behindHTTPS, BehindProxy: s.behindHTTPS, Demo: isDemo, MetricsToken: token, PlanGrades: grades, Providers: providers, Patience: s.patience,
	})
	if err != nil {
		return err
	}
	ln, err := listener(s.listen, e.getenv)
	if err != nil {
		return err
	}
	whole := s.patience + writing
	server := &http.Server{
		Handler: site.Handler(), ReadHeaderTimeout: 10 * time.Second, ReadTimeout: whole, WriteTimeout: whole, IdleTimeout: 2 * time.Minute,
		MaxHeaderBytes: 1 << 16, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
	scheme := "http"
	failed := make(chan error, 1)
	go func() {
		if s.cert != "" {
			failed <- server.ServeTLS(ln, s.cert, s.key)
		} else {
			failed <- server.Serve(ln)
		}
	}()
	if s.cert != "" {
		scheme = "https"
	}
	if err := ready(scheme + "://" + ln.Addr().String()); err != nil {
		return errors.Join(err, server.Close())
	}
	go again(ctx, time.Minute, db, log, "looks at records could not be sealed", db.SealReads)
	go again(ctx, 6*time.Hour, db, log, "what is not kept any longer could not be taken away", func(ctx context.Context, d roster.DistrictID) error {
		n, err := db.Tidy(ctx, d)
		if n > 0 {
			log.Info("records were erased, as the district's rule says", "district", d, "students", n)
		}
		return err
	})
	select {
	case err := <-failed:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	site.Stop()
	// Nobody new is let in, so that none comes in just as the door is shut for good: a socket that is
	// held open keeps them for the next one.
	if err := ln.Close(); err != nil {
		return errors.Join(fmt.Errorf("stop listening: %w", err), server.Close())
	}
	// Who asks over a connection that is open already is answered, and told to open another:
	// closed at once, it might be closed in the face of who is asking just then.
	time.Sleep(lingering)
	stopping, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if err := server.Shutdown(stopping); err != nil {
		return errors.Join(fmt.Errorf("stop: %w", err), server.Close())
	}
	return nil
}

// A request is sent and answered within the time it has to be answered, and writing; lingering is
// how long a server that stops still answers over open connections.
const (
	writing   = 10 * time.Second
	lingering = time.Second
)

// listener returns what to serve on: the socket that whoever started this program holds open for
// it, as systemd does (LISTEN_FDS), so that nobody is refused while it is started anew; or a new
// one on an address.
func listener(address string, getenv func(string) string) (net.Listener, error) {
	if getenv("LISTEN_PID") != strconv.Itoa(os.Getpid()) {
		ln, err := net.Listen("tcp", address)
		if err != nil {
			return nil, fault.Wrap(fault.Invalid, err, "Cannot serve on %s", address)
		}
		return ln, nil
	}
	if n := getenv("LISTEN_FDS"); n != "1" {
		return nil, fault.New(fault.Invalid, "%s sockets were handed over (LISTEN_FDS); Waymark serves on one.", n)
	}
	f := os.NewFile(3, "LISTEN_FDS")
	defer f.Close()
	ln, err := net.FileListener(f)
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, err, "Cannot serve on the socket that was handed over")
	}
	return ln, nil
}

// again does something for every district, every so often, until the context ends. What fails is told
// and tried again.
func again(ctx context.Context, every time.Duration, db *store.DB, log *slog.Logger, what string, do func(context.Context, roster.DistrictID) error) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		districts, err := db.Districts(ctx)
		for _, d := range districts {
			err = errors.Join(err, do(ctx, d.ID))
		}
		if err != nil && ctx.Err() == nil {
			log.Warn(what+"; trying again", "err", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// announcer tells open pages, here and in other processes, that evidence came in.
type announcer struct {
	db   *store.DB
	self string // which process this is, so as not to hear itself
	hub  *live.Hub
	log  *slog.Logger
	in   chan change
	done chan struct{}
}

type change struct {
	district roster.DistrictID
	students []roster.PersonID
}

func newAnnouncer(ctx context.Context, db *store.DB, hub *live.Hub, log *slog.Logger) *announcer {
	a := &announcer{db: db, self: rand.Text(), hub: hub, log: log, in: make(chan change, 1024), done: make(chan struct{})}
	go a.run()
	go func() {
		for ctx.Err() == nil {
			err := db.Listen(ctx, func(news string) {
				if from, topic, ok := strings.Cut(news, " "); ok && from != a.self {
					hub.Publish(live.Topic(topic))
				}
			})
			if err == nil || ctx.Err() != nil {
				return
			}
			log.Warn("listening for other processes failed; trying again", "err", err)
			select {
			case <-ctx.Done():
			case <-time.After(5 * time.Second):
			}
		}
	}()
	return a
}

// changed hears what was written. It never waits: if pages cannot be told as fast as
// evidence comes in, they catch up when they next read.
func (a *announcer) changed(d roster.DistrictID, pieces []evidence.Piece) {
	c := change{district: d}
	for _, p := range pieces {
		c.students = append(c.students, p.Student)
	}
	select {
	case a.in <- c:
	default:
	}
}

func (a *announcer) close() {
	close(a.in)
	<-a.done
}

func (a *announcer) run() {
	defer close(a.done)
	ctx := context.Background()
	for c := range a.in {
		topics := map[live.Topic]bool{}
		for _, s := range c.students {
			t := live.StudentTopic(string(c.district), string(s))
			if topics[t] {
				continue
			}
			topics[t] = true
			classes, err := a.db.Classes(ctx, c.district, s, roster.Student)
			if err != nil {
				a.log.Warn("finding a student's classes failed", "err", err)
			}
			for _, cl := range classes {
				topics[live.ClassTopic(string(c.district), string(cl.ID))] = true
			}
		}
		for t := range topics {
			a.hub.Publish(t)
			if err := a.db.Announce(ctx, a.self+" "+string(t)); err != nil {
				a.log.Warn("telling other processes failed", "err", err)
			}
		}
	}
}

// link makes a single-use sign-in link for a person.
func link(ctx context.Context, db *store.DB, d roster.DistrictID, username string, expires time.Time) (string, error) {
	p, err := db.PersonBy(ctx, d, username)
	if err != nil {
		return "", err
	}
	token, hash, err := guard.NewToken(rand.Reader)
	if err != nil {
		return "", err
	}
	return "/link/" + token, errors.Join(db.AddLink(ctx, hash, d, p.ID, expires), record(ctx, db, d, "account link", string(p.ID)))
}

func accountCommand(e *env) *command {
	var o options
	var hours int
	var base string
	return &command{
		name: "account", short: "Accounts: a first password, a single-use sign-in link.",
		sub: []*command{
			{
				name: "password", args: "USERNAME", short: "Set a person's password, read from standard input.", operands: 1,
				examples: []string{"waymark account password pat.admin < password.txt"},
				flags:    func(fs *flag.FlagSet) { o.declare(fs, e) },
				run: func(ctx context.Context, e *env, args []string) error {
					raw, err := io.ReadAll(io.LimitReader(stdin(e), 4096))
					if err != nil {
						return err
					}
					password := trimNewline(string(raw))
					db, err := o.open(ctx, e)
					if err != nil {
						return err
					}
					defer db.Close()
					d, err := o.theDistrict(ctx, db, false)
					if err != nil {
						return err
					}
					p, err := db.PersonBy(ctx, d, args[0])
					if err != nil {
						return err
					}
					if err := guard.CheckPassword(password, p.Username, p.Given, p.Family); err != nil {
						return err
					}
					h, err := guard.HashSecret(password, rand.Reader)
					if err != nil {
						return err
					}
					if err := errors.Join(db.SetSecret(ctx, d, p.ID, "password", h, ""), record(ctx, db, d, "account password", string(p.ID))); err != nil {
						return err
					}
					fmt.Fprintln(e.stdout, "The password is set.")
					return nil
				},
			},
			{
				name: "link", args: "USERNAME", short: "Print a single-use sign-in link for a person.", operands: 1,
				examples: []string{"waymark account link pat.admin --base https://waymark.example.org"},
				flags: func(fs *flag.FlagSet) {
					o.declare(fs, e)
					fs.IntVar(&hours, "hours", 48, "`hours` for which the link works")
					fs.StringVar(&base, "base", "http://127.0.0.1:8080", "`address` of the server")
				},
				run: func(ctx context.Context, e *env, args []string) error {
					db, err := o.open(ctx, e)
					if err != nil {
						return err
					}
					defer db.Close()
					d, err := o.theDistrict(ctx, db, false)
					if err != nil {
						return err
					}
					path, err := link(ctx, db, d, args[0], e.now().Add(time.Duration(hours)*time.Hour))
					if err != nil {
						return err
					}
					return o.print(e, struct {
						Link string `json:"link"`
					}{base + path}, func(w io.Writer) { fmt.Fprintln(w, base+path) })
				},
			},
		},
	}
}
