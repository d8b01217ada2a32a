package web

import "slices"

// routes is the whole map of the site: what is asked for, who may ask, who answers.
// There is no other way in.
func (s *Server) routes() []route {
	return slices.Concat([]route{
		{"GET /healthz", public, s.serveHealth},
		{"GET /metrics", public, s.serveMetrics},
		{"GET /sw.js", public, s.serveWorker},
		{"GET " + s.assets.prefix + "{name...}", public, s.serveAsset},
		{"GET /events", signedIn, s.serveEvents},
		{"POST /sign-out", public, s.signOut},
	}, s.studentRoutes(), s.teacherRoutes(), s.leaderRoutes())
}
