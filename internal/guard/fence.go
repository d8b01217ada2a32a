package guard

import (
	"context"

	"waymark/internal/roster"
)

type fenceKey struct{}

// Within returns a context in which nothing of another district is read or written, where the
// database can see to it.
func Within(ctx context.Context, d roster.DistrictID) context.Context {
	return context.WithValue(ctx, fenceKey{}, d)
}

// Fenced returns the district that a context stays within; false if it is about all of them, as
// signing in is.
func Fenced(ctx context.Context) (roster.DistrictID, bool) {
	d, ok := ctx.Value(fenceKey{}).(roster.DistrictID)
	return d, ok
}
