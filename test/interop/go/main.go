// Command interop makes authenticated requests with the stock AuthFetch of go-sdk. It takes the private key in hexadecimal as its
// only argument, reads requests as lines of JSON from standard input, and writes an answer for each as a line of JSON. One process is
// one client: its sessions live as long as it does.
package main

import (
	"bufio"
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"time"

	authhttp "github.com/bsv-blockchain/go-sdk/auth/clients/authhttp"
	ec "github.com/bsv-blockchain/go-sdk/primitives/ec"
	"github.com/bsv-blockchain/go-sdk/wallet"
)

type request struct {
	Method string          `json:"method"`
	URL    string          `json:"url"`
	Body   json.RawMessage `json:"body"`
}

type answer struct {
	Status int             `json:"status"`
	Body   json.RawMessage `json:"body,omitempty"`
	Error  string          `json:"error,omitempty"`
}

const longestCall = 15 * time.Second

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	if len(os.Args) != 2 {
		return fmt.Errorf("usage: interop PRIVATE-KEY-HEX")
	}
	bytes, err := hex.DecodeString(os.Args[1])
	if err != nil {
		return err
	}
	key, _ := ec.PrivateKeyFromBytes(bytes)
	own, err := wallet.NewCompletedProtoWallet(key)
	if err != nil {
		return err
	}
	client := authhttp.New(own, authhttp.WithoutLogging())
	answers := json.NewEncoder(os.Stdout)
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<22)
	for lines.Scan() {
		var asked request
		if err := json.Unmarshal(lines.Bytes(), &asked); err != nil {
			return err
		}
		if err := answers.Encode(call(client, asked)); err != nil {
			return err
		}
	}
	return lines.Err()
}

func call(client *authhttp.AuthFetch, asked request) answer {
	ctx, cancel := context.WithTimeout(context.Background(), longestCall)
	defer cancel()
	response, err := client.Fetch(ctx, asked.URL, &authhttp.SimplifiedFetchRequestOptions{
		Method:  asked.Method,
		Headers: map[string]string{"content-type": "application/json"},
		Body:    asked.Body,
	})
	if err != nil {
		return answer{Error: err.Error()}
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return answer{Error: err.Error()}
	}
	return answer{Status: response.StatusCode, Body: body}
}
