package server

import (
	"encoding/json"
	"net/http"

	"github.com/fieldwarden/fieldwarden/internal/fault"
	"github.com/fieldwarden/fieldwarden/internal/obs"
	"github.com/fieldwarden/fieldwarden/internal/rotation"
)

// RotateRequest asks a running server to rotate its encryption key.
type RotateRequest struct {
	Stage rotation.Stage `json:"stage"`
}

// RotateLine is one line of the answer: a step of the rotation, or how it failed.
type RotateLine struct {
	rotation.Progress
	Error *ErrorAnswer `json:"error,omitempty"`
}

// PruneAnswer says how many older keys were removed.
type PruneAnswer struct {
	Removed int `json:"removed"`
}

func (s *Server) rotator() rotation.Rotator {
	return rotation.Rotator{Store: s.store, Box: s.cases.box}
}

// rotateKeys answers with a line of JSON for each step, as it is done.
func (s *Server) rotateKeys(w http.ResponseWriter, r *http.Request) {
	var request RotateRequest
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<16)).Decode(&request); err != nil {
		s.answerError(w, r, fault.New(fault.BadInput, "The request is not JSON of the expected form.", fault.Cause(err)))
		return
	}
	w.Header().Set("Content-Type", "application/x-ndjson")
	lines := json.NewEncoder(w)
	tell := func(line RotateLine) {
		if lines.Encode(line) == nil {
			_ = http.NewResponseController(w).Flush()
		}
	}
	var last rotation.Progress
	ctx := s.operatorContext(r.Context())
	err := s.rotator().Rotate(ctx, request.Stage, func(p rotation.Progress) {
		last = p
		tell(RotateLine{Progress: p})
	})
	if err == nil {
		err = s.auditOperator(ctx, "operator.rotateKeys", map[string]any{"stage": request.Stage, "key": last.Key})
	}
	if err != nil {
		tell(RotateLine{Error: s.explain(r, err)})
	}
}

func (s *Server) pruneKeys(w http.ResponseWriter, r *http.Request) {
	ctx := s.operatorContext(r.Context())
	removed, err := s.rotator().Prune(ctx)
	if err == nil {
		err = s.auditOperator(ctx, "operator.pruneKeys", map[string]any{"removed": removed})
	}
	if err != nil {
		s.answerError(w, r, err)
		return
	}
	s.answer(w, r, PruneAnswer{Removed: removed})
}

func (s *Server) reloadKeys(w http.ResponseWriter, r *http.Request) {
	if err := s.cases.box.Reload(); err != nil {
		s.answerError(w, r, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// explain is the part of an error that an operator is told; what is no fault of ours
// is logged instead.
func (s *Server) explain(r *http.Request, err error) *ErrorAnswer {
	found, ok := fault.From(err)
	if !ok {
		s.log.ErrorContext(r.Context(), "an admin command failed", obs.Err(err))
		found = fault.New(fault.Internal, "The command failed inside Fieldwarden; see its log.")
	}
	return &ErrorAnswer{Code: found.Code, Message: found.Message, Hint: found.WhatToDo()}
}
