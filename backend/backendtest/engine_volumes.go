package backendtest

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"github.com/galley-kitchen/galley/backend"
	"github.com/galley-kitchen/galley/backend/dial"
)

// EngineVolumes looks at the volumes of the engine behind an endpoint, through the
// part of the Docker API that Docker and Podman share. It is independent of the
// backends on purpose.
func EngineVolumes(ep backend.Endpoint) (Volumes, error) {
	connect, err := dial.New(ep)
	if err != nil {
		return nil, err
	}
	return engineVolumes{dial.HTTPClient(connect)}, nil
}

type engineVolumes struct{ client *http.Client }

// UnusedVolumes lists the volumes of a real engine that no container uses, by GET /volumes, which every engine has.
func UnusedVolumes(ctx context.Context, ep backend.Endpoint) ([]string, error) {
	connect, err := dial.New(ep)
	if err != nil {
		return nil, err
	}
	e := engineVolumes{dial.HTTPClient(connect)}
	defer e.client.CloseIdleConnections()
	return e.list(ctx, "?filters="+url.QueryEscape(`{"dangling":["true"]}`))
}

func (e engineVolumes) List(ctx context.Context) ([]string, error) { return e.list(ctx, "") }

func (e engineVolumes) list(ctx context.Context, query string) ([]string, error) {
	body, err := e.do(ctx, http.MethodGet, "http://engine/volumes"+query)
	if err != nil {
		return nil, fmt.Errorf("list volumes: %w", err)
	}
	var answer struct{ Volumes []struct{ Name string } }
	if err := json.Unmarshal(body, &answer); err != nil {
		return nil, fmt.Errorf("list volumes: %w", err)
	}
	names := make([]string, 0, len(answer.Volumes))
	for _, v := range answer.Volumes {
		names = append(names, v.Name)
	}
	return names, nil
}

func (e engineVolumes) Remove(ctx context.Context, name string) error {
	if _, err := e.do(ctx, http.MethodDelete, "http://engine/volumes/"+url.PathEscape(name)); err != nil {
		return fmt.Errorf("remove volume %s: %w", name, err)
	}
	return nil
}

func (e engineVolumes) do(ctx context.Context, method, target string) (body []byte, err error) {
	req, err := http.NewRequestWithContext(ctx, method, target, nil)
	if err != nil {
		return nil, err
	}
	resp, err := e.client.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() {
		if closeErr := resp.Body.Close(); err == nil {
			err = closeErr
		}
	}()
	if body, err = io.ReadAll(resp.Body); err != nil {
		return nil, err
	}
	if resp.StatusCode >= http.StatusMultipleChoices {
		return nil, fmt.Errorf("the engine answered %s: %s", resp.Status, body)
	}
	return body, nil
}
