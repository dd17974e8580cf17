// Package model holds the GraphQL types that are neither entities nor vocabulary;
// gqlgen generates them from the SDL.
package model
