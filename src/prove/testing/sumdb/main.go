// Judges a log of ours with the implementation behind Go's checksum database, and makes vectors for us to judge.
//
//	sumdb check FOLDER < proofs    checkpoint, tiles, entries and our proofs in FOLDER hold; prints proofs of its own
//	sumdb make COUNT               a log of COUNT entries: key, signed checkpoint, entries, proofs
package main

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const tileHeight = 8

type proofs struct {
	Inclusion   []inclusion   `json:"inclusion"`
	Consistency []consistency `json:"consistency"`
}

type inclusion struct {
	Index int64    `json:"index"`
	Leaf  string   `json:"leaf"`
	Proof []string `json:"proof"`
}

type consistency struct {
	Older int64    `json:"older"`
	Root  string   `json:"root"`
	Proof []string `json:"proof"`
}

type vectors struct {
	Key        string   `json:"key"`
	Checkpoint string   `json:"checkpoint"`
	Entries    []string `json:"entries"`
	proofs
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) == 2 && args[0] == "check" {
		return check(args[1])
	}
	if len(args) == 2 && args[0] == "make" {
		return makeVectors(args[1])
	}
	return errors.New("check FOLDER, or make COUNT")
}

// folder reads tiles by the paths of C2SP tlog-tiles, which leave the tile's height out.
type folder string

func (f folder) Height() int { return tileHeight }

func (f folder) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	data := make([][]byte, len(tiles))
	for i, tile := range tiles {
		path := strings.Replace(tile.Path(), "tile/8/", "tile/", 1)
		bytes, err := os.ReadFile(filepath.Join(string(f), path))
		if err != nil {
			return nil, err
		}
		data[i] = bytes
	}
	return data, nil
}

func (f folder) SaveTiles([]tlog.Tile, [][]byte) {}

func (f folder) entries(size int64) ([][]byte, error) {
	var all [][]byte
	for n := int64(0); n*256 < size; n++ {
		tile := tlog.Tile{H: tileHeight, L: 0, N: n, W: 256}
		if size-n*256 < 256 {
			tile.W = int(size - n*256)
		}
		path := strings.Replace(tile.Path(), "tile/8/0/", "tile/entries/", 1)
		bundle, err := os.ReadFile(filepath.Join(string(f), path))
		if err != nil {
			return nil, err
		}
		for len(bundle) >= 2 {
			end := 2 + int(bundle[0])*256 + int(bundle[1])
			if end > len(bundle) {
				return nil, fmt.Errorf("%s ends inside an entry", path)
			}
			all = append(all, bundle[2:end])
			bundle = bundle[end:]
		}
	}
	if int64(len(all)) != size {
		return nil, fmt.Errorf("%d entries in the bundles, %d in the checkpoint", len(all), size)
	}
	return all, nil
}

func openCheckpoint(f folder) (tlog.Tree, error) {
	var tree tlog.Tree
	key, err := os.ReadFile(filepath.Join(string(f), "key"))
	if err != nil {
		return tree, err
	}
	verifier, err := note.NewVerifier(string(bytes.TrimSpace(key)))
	if err != nil {
		return tree, err
	}
	signed, err := os.ReadFile(filepath.Join(string(f), "checkpoint"))
	if err != nil {
		return tree, err
	}
	opened, err := note.Open(signed, note.VerifierList(verifier))
	if err != nil {
		return tree, err
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) != 4 || lines[0] != verifier.Name() || lines[3] != "" {
		return tree, fmt.Errorf("not a checkpoint of %s: %q", verifier.Name(), opened.Text)
	}
	if tree.N, err = strconv.ParseInt(lines[1], 10, 64); err != nil {
		return tree, err
	}
	tree.Hash, err = hashOf(lines[2])
	return tree, err
}

func check(path string) error {
	f := folder(path)
	tree, err := openCheckpoint(f)
	if err != nil {
		return err
	}
	entries, err := f.entries(tree.N)
	if err != nil {
		return err
	}
	// Every tile that is read is checked against the signed root.
	reader := tlog.TileHashReader(tree, f)
	for i, entry := range entries {
		hashes, err := reader.ReadHashes([]int64{tlog.StoredHashIndex(0, int64(i))})
		if err != nil {
			return err
		}
		if hashes[0] != tlog.RecordHash(entry) {
			return fmt.Errorf("entry %d is not what its tile says", i)
		}
	}
	var ours proofs
	if err := json.NewDecoder(os.Stdin).Decode(&ours); err != nil {
		return err
	}
	theirs := proofs{Inclusion: []inclusion{}, Consistency: []consistency{}}
	for _, one := range ours.Inclusion {
		hashes, err := hashesOf(one.Proof)
		if err != nil {
			return err
		}
		leaf := tlog.RecordHash(entries[one.Index])
		if err := tlog.CheckRecord(hashes, tree.N, tree.Hash, one.Index, leaf); err != nil {
			return fmt.Errorf("inclusion of %d in %d: %w", one.Index, tree.N, err)
		}
		made, err := tlog.ProveRecord(tree.N, one.Index, reader)
		if err != nil {
			return err
		}
		theirs.Inclusion = append(theirs.Inclusion, inclusion{one.Index, textOf(leaf), textsOf(made)})
	}
	for _, one := range ours.Consistency {
		hashes, err := hashesOf(one.Proof)
		if err != nil {
			return err
		}
		older, err := tlog.TreeHash(one.Older, reader)
		if err != nil {
			return err
		}
		if err := tlog.CheckTree(hashes, tree.N, tree.Hash, one.Older, older); err != nil {
			return fmt.Errorf("consistency of %d with %d: %w", one.Older, tree.N, err)
		}
		made, err := tlog.ProveTree(tree.N, one.Older, reader)
		if err != nil {
			return err
		}
		theirs.Consistency = append(theirs.Consistency, consistency{one.Older, textOf(older), textsOf(made)})
	}
	return json.NewEncoder(os.Stdout).Encode(theirs)
}

func makeVectors(text string) error {
	count, err := strconv.ParseInt(text, 10, 64)
	if err != nil || count < 1 {
		return fmt.Errorf("%q is no count of entries", text)
	}
	name := "example.com/sumdb"
	private, public, err := note.GenerateKey(rand.Reader, name)
	if err != nil {
		return err
	}
	signer, err := note.NewSigner(private)
	if err != nil {
		return err
	}
	var stored []tlog.Hash
	reader := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		hashes := make([]tlog.Hash, len(indexes))
		for i, index := range indexes {
			hashes[i] = stored[index]
		}
		return hashes, nil
	})
	made := vectors{Key: public}
	for i := int64(0); i < count; i++ {
		entry := []byte(fmt.Sprintf("entry %d", i))
		hashes, err := tlog.StoredHashes(i, entry, reader)
		if err != nil {
			return err
		}
		stored = append(stored, hashes...)
		made.Entries = append(made.Entries, string(entry))
	}
	root, err := tlog.TreeHash(count, reader)
	if err != nil {
		return err
	}
	signed, err := note.Sign(&note.Note{Text: fmt.Sprintf("%s\n%d\n%s\n", name, count, textOf(root))}, signer)
	if err != nil {
		return err
	}
	made.Checkpoint = string(signed)
	for i := int64(0); i < count; i++ {
		proof, err := tlog.ProveRecord(count, i, reader)
		if err != nil {
			return err
		}
		made.Inclusion = append(made.Inclusion, inclusion{i, textOf(tlog.RecordHash([]byte(made.Entries[i]))), textsOf(proof)})
	}
	for older := int64(1); older <= count; older++ {
		hash, err := tlog.TreeHash(older, reader)
		if err != nil {
			return err
		}
		proof, err := tlog.ProveTree(count, older, reader)
		if err != nil {
			return err
		}
		made.Consistency = append(made.Consistency, consistency{older, textOf(hash), textsOf(proof)})
	}
	return json.NewEncoder(os.Stdout).Encode(made)
}

func textOf(hash tlog.Hash) string { return base64.StdEncoding.EncodeToString(hash[:]) }

func textsOf(hashes []tlog.Hash) []string {
	texts := make([]string, len(hashes))
	for i, hash := range hashes {
		texts[i] = textOf(hash)
	}
	return texts
}

func hashOf(text string) (tlog.Hash, error) {
	var hash tlog.Hash
	raw, err := base64.StdEncoding.DecodeString(text)
	if err == nil && len(raw) != len(hash) {
		err = fmt.Errorf("%q is no hash", text)
	}
	copy(hash[:], raw)
	return hash, err
}

func hashesOf(texts []string) ([]tlog.Hash, error) {
	hashes := make([]tlog.Hash, len(texts))
	for i, text := range texts {
		hash, err := hashOf(text)
		if err != nil {
			return nil, err
		}
		hashes[i] = hash
	}
	return hashes, nil
}
