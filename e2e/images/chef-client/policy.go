package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
)

// policy is an exported policy: what to run, and the directories of its cookbooks.
type policy struct {
	runList   []string
	cookbooks map[string]string
}

// artifactDir is where an exported policy has its cookbooks, beside cookbook_path.
const artifactDir = "cookbook_artifacts"

// repository is the directory that cookbook_path lies in.
func (c *clientConfig) repository() string { return filepath.Dir(c.cookbookPaths[0]) }

// readPolicy finds the policy that policy_name and policy_group of dna.json name in
// what chef-cli exports. Without a name there is none.
func readPolicy(repository string, n node) (*policy, error) {
	name, ok := n["policy_name"].(string)
	if !ok {
		return nil, nil
	}
	if n["run_list"] != nil {
		return nil, fmt.Errorf("the run list comes from the policy %s: it may not be in the attributes", name)
	}
	var group struct {
		Policies map[string]struct {
			Revision string `json:"revision_id"`
		}
	}
	if err := readJSON(filepath.Join(repository, "policy_groups", fmt.Sprint(n["policy_group"])+".json"), &group); err != nil {
		return nil, err
	}
	var revision struct {
		RunList []string `json:"run_list"`
		Locks   map[string]struct {
			Identifier string
		} `json:"cookbook_locks"`
	}
	if err := readJSON(filepath.Join(repository, "policies", name+"-"+group.Policies[name].Revision+".json"), &revision); err != nil {
		return nil, err
	}
	p := &policy{runList: revision.RunList, cookbooks: map[string]string{}}
	for book, lock := range revision.Locks {
		p.cookbooks[book] = filepath.Join(repository, artifactDir, book+"-"+lock.Identifier)
	}
	return p, nil
}

func readJSON(path string, v any) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("cannot read the policy: %w", err)
	}
	if err := json.Unmarshal(data, v); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}
