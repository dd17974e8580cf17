package host

import (
	"context"
	"errors"
	"fmt"
	"io"

	"google.golang.org/protobuf/proto"

	"github.com/fieldwarden/fieldwarden/internal/crm"
	"github.com/fieldwarden/fieldwarden/internal/fault"
	connectorv1 "github.com/fieldwarden/fieldwarden/plugins/proto/fieldwarden/connector/v1"
	"github.com/fieldwarden/fieldwarden/plugins/proto/handshake"
	"github.com/fieldwarden/fieldwarden/plugins/proto/validate"
)

// maxStill is how many batches without a record or progress are borne.
const maxStill = 100

// Read hands every batch of an object's records from a position on to yield,
// until the connector has nothing more for now or yield returns an error, which
// Read returns unchanged. Only the last batch has Done set; a stream that ends
// without it is an error, so that a cut stream is never taken for the end.
//
// A record with a usable id whose content cannot be taken is in the batch's
// Refused; the rest of the batch is well. Without a usable id the whole answer is
// fault.ConnectorAnswer.
func (h *Host) Read(ctx context.Context, name string, target crm.Target, request crm.ReadRequest, yield func(crm.Batch) error) error {
	v := verb{name: "Read", capability: crm.CanRead, deadline: h.config.Timeouts.Read, reserve: readBytes}
	return h.invoke(ctx, name, v, &target, func(c *call) error {
		stream, err := connectorv1.NewSyncServiceClient(c.running.conn).Read(c.ctx, &connectorv1.ReadRequest{
			Target: targetOf(target), Object: request.Object, Fields: request.Fields,
			ResumeToken: request.ResumeToken, BatchSize: clamp(request.BatchSize),
		})
		if err != nil {
			return err
		}
		return c.readBatches(stream.Recv, request.ResumeToken, yield)
	})
}

func (c *call) readBatches(recv func() (*connectorv1.ReadResponse, error), position []byte, yield func(crm.Batch) error) error {
	still, done := 0, false
	for {
		response, err := next(c, recv)
		switch {
		case errors.Is(err, io.EOF) && done:
			return nil
		case errors.Is(err, io.EOF):
			return c.answerFault(errors.New("the stream ended without a batch that has done set"))
		case err != nil:
			return err
		case done:
			return c.answerFault(errors.New("a batch follows the one that has done set"))
		}
		if err := c.checkBatch(response); err != nil {
			return err
		}
		if len(response.GetRecords()) == 0 && string(response.GetResumeToken()) == string(position) && !response.GetDone() {
			if still++; still > maxStill {
				return c.answerFault(fmt.Errorf("%d batches brought neither a record nor a new resume token", still))
			}
		} else {
			still = 0
		}
		position, done = response.GetResumeToken(), response.GetDone()
		if err := yield(batchOf(response)); err != nil {
			c.cancel(nil)
			return callerError{err}
		}
	}
}

func (c *call) checkBatch(response *connectorv1.ReadResponse) error {
	if size := proto.Size(response); len(response.GetRecords()) > 1 && size > handshake.MaxBatch {
		return connectorFault(fault.ConnectorTooLarge, c.name,
			fmt.Sprintf("Read: a batch has %d bytes, at most %d are allowed.", size, handshake.MaxBatch))
	}
	if err := validate.Batch(response, c.apiTypes()); err != nil {
		return c.answerFault(err)
	}
	return nil
}

// ReadRecords hands the present state of some records to yield, in any order and in
// one batch or several; those that the CRM does not have any more as deleted. When
// it returns nil, each id of the request, 1 to crm.MaxReadRecords and each once, was
// in the Records or the Refused of exactly one batch. ResumeToken, Done and
// Restarted say nothing. The error of yield comes back unchanged.
func (h *Host) ReadRecords(ctx context.Context, name string, target crm.Target, request crm.ReadRecordsRequest, yield func(crm.Batch) error) error {
	v := verb{name: "ReadRecords", capability: crm.CanReadRecords, deadline: h.config.Timeouts.Read, reserve: readBytes}
	wire := &connectorv1.ReadRecordsRequest{Object: request.Object, Fields: request.Fields, Ids: request.IDs}
	if err := validate.ReadRecordsRequest(wire); err != nil {
		return fault.New(fault.Internal, "ReadRecords was asked for what it cannot give: "+err.Error()+".")
	}
	return h.invoke(ctx, name, v, &target, func(c *call) error {
		wire.Target = targetOf(target)
		stream, err := connectorv1.NewSyncServiceClient(c.running.conn).ReadRecords(c.ctx, wire)
		if err != nil {
			return err
		}
		return c.readRecords(stream.Recv, request.IDs, yield)
	})
}

func (c *call) readRecords(recv func() (*connectorv1.ReadRecordsResponse, error), ids []string, yield func(crm.Batch) error) error {
	asked := make(map[string]struct{}, len(ids))
	for _, id := range ids {
		asked[id] = struct{}{}
	}
	for still := 0; ; {
		response, err := next(c, recv)
		switch {
		case errors.Is(err, io.EOF) && len(asked) > 0:
			return c.answerFault(fmt.Errorf("%d of %d records were neither sent nor called deleted", len(asked), len(ids)))
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
		if err := validate.Records(response, c.apiTypes(), asked); err != nil {
			return c.answerFault(err)
		}
		if len(response.GetRecords()) > 0 {
			still = 0
		} else if still++; still > maxStill {
			return c.answerFault(fmt.Errorf("%d messages brought no record", still))
		}
		batch := crm.Batch{Stats: statsOf(response.GetStats())}
		batch.Records, batch.Refused = recordsOf(response.GetRecords())
		if err := yield(batch); err != nil {
			c.cancel(nil)
			return callerError{err}
		}
	}
}

// apiTypes are the keys that the connector may count its calls by.
func (c *call) apiTypes() []string {
	return mapped(c.known.manifest.APIs(), func(api crm.APIType) string { return api.Key })
}

// next receives one message of a stream and ends the call when it is silent for
// too long. The time that our own caller takes does not count.
func next[T any](c *call, recv func() (T, error)) (T, error) {
	idle := c.host.config.Clock.AfterFunc(c.host.config.Timeouts.Idle, func() { c.cancel(errIdle) })
	defer idle.Stop()
	return recv()
}
