// Command sumdbcheck verifies a log written by Quern with the Merkle tree, tile and note code of Go's checksum database,
// and writes notes and cosignatures of its own for Quern to verify.
//
//	sumdbcheck verify FOLDER   reads checkpoint, tile/..., keys.json and claims.json; prints what it checked
//	sumdbcheck write FOLDER    writes go.json: notes, keys and proofs made here
package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
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

type keys struct {
	Log       string   `json:"log"`
	Witnesses []string `json:"witnesses"`
}

type claims struct {
	Inclusion []struct {
		Index, Size int64
		Proof       []tlog.Hash
	}
	Consistency []struct {
		Old, Size int64
		Proof     []tlog.Hash
	}
}

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: sumdbcheck verify|write FOLDER")
		os.Exit(2)
	}
	run := map[string]func(string) error{"verify": verify, "write": write}[os.Args[1]]
	if err := run(os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func verify(folder string) error {
	var known keys
	var claimed claims
	if err := errors.Join(readJSON(folder, "keys.json", &known), readJSON(folder, "claims.json", &claimed)); err != nil {
		return err
	}
	log, err := note.NewVerifier(known.Log)
	if err != nil {
		return fmt.Errorf("log key: %w", err)
	}
	verifiers := []note.Verifier{log}
	for _, vkey := range known.Witnesses {
		witness, err := cosignatureVerifier(vkey)
		if err != nil {
			return fmt.Errorf("witness key: %w", err)
		}
		verifiers = append(verifiers, witness)
	}
	signed, err := os.ReadFile(filepath.Join(folder, "checkpoint"))
	if err != nil {
		return err
	}
	opened, err := note.Open(signed, note.VerifierList(verifiers...))
	if err != nil {
		return fmt.Errorf("checkpoint: %w", err)
	}
	lines := strings.Split(opened.Text, "\n")
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil || lines[0] != log.Name() {
		return fmt.Errorf("checkpoint text %q", opened.Text)
	}
	root, err := tlog.ParseHash(lines[2])
	if err != nil {
		return err
	}

	// the entries, from the bundles, give the root
	hashes, err := storedHashes(folder, size)
	if err != nil {
		return err
	}
	tree, err := tlog.TreeHash(size, hashes)
	if err != nil || tree != root {
		return fmt.Errorf("the entries give %v, the checkpoint says %v (%v)", tree, root, err)
	}
	// every tile that the format lists is there, byte for byte
	tiles := tlog.NewTiles(8, 0, size)
	for _, tile := range tiles {
		want, err := tlog.ReadTileData(tile, hashes)
		if err != nil {
			return err
		}
		if got, err := readTile(folder, tile); err != nil || !bytes.Equal(got, want) {
			return fmt.Errorf("%s differs (%v)", tilePath(tile), err)
		}
	}
	// the tiles alone answer for any record, authenticated against the root
	reader := tlog.TileHashReader(tlog.Tree{N: size, Hash: root}, tileReader(folder))
	for _, claim := range claimed.Inclusion {
		at, err := tlog.TreeHash(claim.Size, hashes)
		if err != nil {
			return err
		}
		leaf, err := reader.ReadHashes([]int64{tlog.StoredHashIndex(0, claim.Index)})
		if err != nil {
			return fmt.Errorf("leaf %d: %w", claim.Index, err)
		}
		if err := tlog.CheckRecord(claim.Proof, claim.Size, at, claim.Index, leaf[0]); err != nil {
			return fmt.Errorf("inclusion of %d in %d: %w", claim.Index, claim.Size, err)
		}
	}
	for _, claim := range claimed.Consistency {
		before, errBefore := tlog.TreeHash(claim.Old, hashes)
		after, errAfter := tlog.TreeHash(claim.Size, hashes)
		if err := errors.Join(errBefore, errAfter); err != nil {
			return err
		}
		if err := tlog.CheckTree(claim.Proof, claim.Size, after, claim.Old, before); err != nil {
			return fmt.Errorf("consistency of %d and %d: %w", claim.Old, claim.Size, err)
		}
	}
	return json.NewEncoder(os.Stdout).Encode(map[string]int{
		"signatures": len(opened.Sigs), "entries": int(size), "tiles": len(tiles),
		"inclusion": len(claimed.Inclusion), "consistency": len(claimed.Consistency),
	})
}

// storage answers for the hashes of a growing tree in tlog's numbering.
type storage []tlog.Hash

func (s storage) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	found := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		if index >= int64(len(s)) {
			return nil, fmt.Errorf("hash %d is not stored", index)
		}
		found[i] = s[index]
	}
	return found, nil
}

func storedHashes(folder string, size int64) (storage, error) {
	var stored storage
	for n := int64(0); n < size; n += 256 {
		width := min(size-n, 256)
		path := strings.Replace(tilePath(tlog.Tile{H: 8, L: 0, N: n / 256, W: int(width)}), "tile/0/", "tile/entries/", 1)
		bundle, err := os.ReadFile(filepath.Join(folder, path))
		if err != nil {
			return nil, err
		}
		for i := range width {
			if len(bundle) < 2 || len(bundle) < 2+int(binary.BigEndian.Uint16(bundle)) {
				return nil, fmt.Errorf("%s is short", path)
			}
			length := int(binary.BigEndian.Uint16(bundle))
			hashes, err := tlog.StoredHashes(n+i, bundle[2:2+length], stored)
			if err != nil {
				return nil, err
			}
			stored = append(stored, hashes...)
			bundle = bundle[2+length:]
		}
		if len(bundle) != 0 {
			return nil, fmt.Errorf("%s is long", path)
		}
	}
	return stored, nil
}

// tilePath is tlog's path without the tile height, which C2SP tlog-tiles fixes at 8.
func tilePath(tile tlog.Tile) string {
	return strings.Replace(tile.Path(), "tile/8/", "tile/", 1)
}

func readTile(folder string, tile tlog.Tile) ([]byte, error) {
	return os.ReadFile(filepath.Join(folder, tilePath(tile)))
}

type tileReader string

func (tileReader) Height() int { return 8 }
func (r tileReader) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	data := make([][]byte, len(tiles))
	for i, tile := range tiles {
		bytes, err := readTile(string(r), tile)
		if err != nil {
			return nil, err
		}
		data[i] = bytes
	}
	return data, nil
}
func (tileReader) SaveTiles([]tlog.Tile, [][]byte) {}

// verifier checks timestamped Ed25519 cosignatures (type 0x04), which sumdb/note does not know.
type verifier struct {
	name string
	hash uint32
	key  ed25519.PublicKey
}

func (v verifier) Name() string    { return v.name }
func (v verifier) KeyHash() uint32 { return v.hash }
func (v verifier) Verify(text, sig []byte) bool {
	if len(sig) != 8+ed25519.SignatureSize {
		return false
	}
	return ed25519.Verify(v.key, cosigned(binary.BigEndian.Uint64(sig), text), sig[8:])
}

func cosigned(time uint64, text []byte) []byte {
	return append(fmt.Appendf(nil, "cosignature/v1\ntime %d\n", time), text...)
}

func cosignatureHash(name string, key ed25519.PublicKey) uint32 {
	sum := sha256.Sum256(append([]byte(name+"\n\x04"), key...))
	return binary.BigEndian.Uint32(sum[:])
}

func cosignatureVerifier(vkey string) (note.Verifier, error) {
	parts := strings.SplitN(vkey, "+", 3)
	if len(parts) != 3 {
		return nil, fmt.Errorf("malformed %q", vkey)
	}
	material, err := base64.StdEncoding.DecodeString(parts[2])
	if err != nil || len(material) != 33 || material[0] != 4 {
		return nil, fmt.Errorf("malformed %q", vkey)
	}
	v := verifier{parts[0], cosignatureHash(parts[0], material[1:]), material[1:]}
	if fmt.Sprintf("%08x", v.hash) != parts[1] {
		return nil, fmt.Errorf("key hash of %q", vkey)
	}
	return v, nil
}

// write makes what Quern must accept: a checkpoint of a small tree signed and cosigned here, and a proof file.
func write(folder string) error {
	seed := sha256.Sum256([]byte("a fixed seed, so that the vectors repeat"))
	key := ed25519.NewKeyFromSeed(seed[:])
	public := key.Public().(ed25519.PublicKey)
	vkey, err := note.NewEd25519VerifierKey("go.example/log", public)
	if err != nil {
		return err
	}
	skey := strings.Replace("PRIVATE+KEY+"+vkey, base64.StdEncoding.EncodeToString(append([]byte{1}, public...)), base64.StdEncoding.EncodeToString(append([]byte{1}, seed[:]...)), 1)
	signer, err := note.NewSigner(skey)
	if err != nil {
		return err
	}
	var stored storage
	var entries []string
	for i := range int64(13) {
		entry := fmt.Sprintf("entry %d", i)
		hashes, err := tlog.StoredHashes(i, []byte(entry), stored)
		if err != nil {
			return err
		}
		entries, stored = append(entries, entry), append(stored, hashes...)
	}
	root, err := tlog.TreeHash(13, stored)
	if err != nil {
		return err
	}
	text := fmt.Sprintf("go.example/log\n13\n%s\n", root)
	signed, err := note.Sign(&note.Note{Text: text}, signer)
	if err != nil {
		return err
	}
	name, time := "go.example/witness", uint64(1700000000)
	blob := binary.BigEndian.AppendUint32(nil, cosignatureHash(name, public))
	blob = binary.BigEndian.AppendUint64(blob, time)
	blob = append(blob, ed25519.Sign(key, cosigned(time, []byte(text)))...)
	full := fmt.Sprintf("%s\u2014 %s %s\n", signed, name, base64.StdEncoding.EncodeToString(blob))
	witness := fmt.Sprintf("%s+%08x+%s", name, cosignatureHash(name, public), base64.StdEncoding.EncodeToString(append([]byte{4}, public...)))
	record, err := tlog.ProveRecord(13, 7, stored)
	if err != nil {
		return err
	}
	proof := "c2sp.org/tlog-proof@v1\nindex 7\n"
	for _, hash := range record {
		proof += hash.String() + "\n"
	}
	consistency, err := tlog.ProveTree(13, 6, stored)
	if err != nil {
		return err
	}
	old, err := tlog.TreeHash(6, stored)
	if err != nil {
		return err
	}
	encoded, err := json.MarshalIndent(map[string]any{
		"log": vkey, "signer": skey, "witness": witness, "time": time, "entries": entries, "checkpoint": full,
		"proof": proof + "\n" + full, "old": map[string]any{"size": 6, "root": old, "consistency": consistency},
	}, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(folder, "go.json"), append(encoded, '\n'), 0o644)
}

func readJSON(folder, name string, into any) error {
	data, err := os.ReadFile(filepath.Join(folder, name))
	if err != nil {
		return err
	}
	return json.Unmarshal(data, into)
}
