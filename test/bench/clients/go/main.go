// A plain client of Go's standard library, with types for what it reads. Command line and result as measurement.hpp
// says.
package main

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"sort"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
	"unsafe"
)

type usage struct {
	TotalTokens int64 `json:"total_tokens"`
}

type function struct {
	Name      string `json:"name"`
	Arguments string `json:"arguments"`
}

type toolCall struct {
	Index    int      `json:"index"`
	ID       string   `json:"id"`
	Type     string   `json:"type"`
	Function function `json:"function"`
}

type message struct {
	Role      string     `json:"role"`
	Content   string     `json:"content"`
	ToolCalls []toolCall `json:"tool_calls"`
}

type choice struct {
	Index        int     `json:"index"`
	Message      message `json:"message"`
	Delta        message `json:"delta"`
	FinishReason *string `json:"finish_reason"`
}

type completion struct {
	ID                string   `json:"id"`
	Object            string   `json:"object"`
	Created           int64    `json:"created"`
	Model             string   `json:"model"`
	ServiceTier       string   `json:"service_tier"`
	SystemFingerprint string   `json:"system_fingerprint"`
	Choices           []choice `json:"choices"`
	Usage             *usage   `json:"usage"`
}

type decoded struct {
	text, arguments strings.Builder
	items           int
	totalTokens     int64
}

func (d *decoded) add(c *completion) {
	d.items++
	if c.Usage != nil {
		d.totalTokens += c.Usage.TotalTokens
	}
	for i := range c.Choices {
		d.text.WriteString(c.Choices[i].Message.Content)
		d.text.WriteString(c.Choices[i].Delta.Content)
		for j := range c.Choices[i].Delta.ToolCalls {
			d.arguments.WriteString(c.Choices[i].Delta.ToolCalls[j].Function.Arguments)
		}
	}
}

func (d *decoded) digest() string {
	all := fmt.Sprintf("%s\n%s\n%d\n%d", d.text.String(), d.arguments.String(), d.items, d.totalTokens)
	sum := sha256.Sum256([]byte(all))
	return hex.EncodeToString(sum[:])
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func monotonicNs() int64 {
	var now syscall.Timespec
	syscall.RawSyscall(syscall.SYS_CLOCK_GETTIME, 1, uintptr(unsafe.Pointer(&now)), 0)
	return now.Nano()
}

func used() syscall.Rusage {
	var all syscall.Rusage
	check(syscall.Getrusage(syscall.RUSAGE_SELF, &all))
	return all
}

func cpuUs() int64 {
	all := used()
	return (all.Utime.Nano() + all.Stime.Nano()) / 1000
}

func residentKib() int64 {
	text, err := os.ReadFile("/proc/self/statm")
	check(err)
	pages, err := strconv.ParseInt(strings.Fields(string(text))[1], 10, 64)
	check(err)
	return pages * int64(os.Getpagesize()) / 1024
}

type client struct {
	http   http.Client
	url    string
	stream bool
}

func (c *client) post() *http.Response {
	body := `{"model":"gpt-5-nano","messages":[{"role":"user","content":"What is the capital of France?"}]`
	if c.stream {
		body += `,"stream":true,"stream_options":{"include_usage":true}`
	}
	request, err := http.NewRequest("POST", c.url+"/chat/completions", bytes.NewReader([]byte(body+"}")))
	check(err)
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Authorization", "Bearer bench")
	response, err := c.http.Do(request)
	check(err)
	if response.StatusCode != 200 {
		check(fmt.Errorf("status %d", response.StatusCode))
	}
	return response
}

func (c *client) pull(onChunk func(*completion)) {
	response := c.post()
	defer response.Body.Close()
	lines := bufio.NewReader(response.Body)
	prefix, done := []byte("data: "), []byte("[DONE]")
	for {
		line, err := lines.ReadBytes('\n')
		if err == io.EOF {
			return
		}
		check(err)
		if !bytes.HasPrefix(line, prefix) {
			continue
		}
		data := bytes.TrimSpace(line[len(prefix):])
		if bytes.Equal(data, done) {
			continue
		}
		var chunk completion
		check(json.Unmarshal(data, &chunk))
		onChunk(&chunk)
	}
}

func (c *client) ask(count int, d *decoded) {
	for i := 0; i < count; i++ {
		if c.stream {
			c.pull(d.add)
			continue
		}
		response := c.post()
		text, err := io.ReadAll(response.Body)
		check(err)
		response.Body.Close()
		var answer completion
		check(json.Unmarshal(text, &answer))
		d.add(&answer)
	}
}

func (c *client) slow(count, seconds int) {
	before := residentKib()
	var lock sync.Mutex
	var latency []int64
	counted := make([]int, count)
	measuring, wrong := false, 0
	openers := make(chan struct{}, 64)
	var open sync.WaitGroup
	for i := 0; i < count; i++ {
		openers <- struct{}{}
		open.Add(1)
		go func(stream int) {
			seen := 0
			c.pull(func(chunk *completion) {
				var number int
				var sent int64
				fmt.Sscanf(chunk.Choices[0].Delta.Content, "%d %d", &number, &sent)
				now := monotonicNs()
				lock.Lock()
				if number != seen {
					wrong++
				}
				if measuring {
					counted[stream]++
					latency = append(latency, (now-sent)/1000)
				}
				lock.Unlock()
				if seen == 0 {
					<-openers
					open.Done()
				}
				seen++
			})
		}(i)
	}
	open.Wait()
	time.Sleep(time.Second)
	lock.Lock()
	measuring = true
	lock.Unlock()
	cpu, wall := cpuUs(), monotonicNs()
	time.Sleep(time.Duration(seconds) * time.Second)
	lock.Lock()
	measuring = false
	cpu, wall = cpuUs()-cpu, monotonicNs()-wall
	kib := residentKib() - before
	sort.Slice(latency, func(a, b int) bool { return latency[a] < latency[b] })
	sort.Ints(counted)
	last := len(latency) - 1
	check(json.NewEncoder(os.Stdout).Encode(map[string]interface{}{
		"items": len(latency), "cpu_us": cpu, "wall_us": wall / 1000, "peak_kib": used().Maxrss,
		"kib_per_stream": float64(kib) / float64(count), "p50_us": latency[last/2], "p99_us": latency[last*99/100],
		"max_us": latency[last], "wrong": wrong, "fewest": counted[0],
	}))
	os.Exit(0)
}

func main() {
	if len(os.Args) != 6 {
		check(fmt.Errorf("usage: %s unary|stream|slow <base URL> <CA file> <count> <warm-up>", os.Args[0]))
	}
	ca, err := os.ReadFile(os.Args[3])
	check(err)
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(ca)
	count, err := strconv.Atoi(os.Args[4])
	check(err)
	warmUp, err := strconv.Atoi(os.Args[5])
	check(err)
	c := client{url: os.Args[2], stream: os.Args[1] != "unary"}
	c.http.Transport = &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}
	if os.Args[1] == "slow" {
		c.slow(count, warmUp)
	}
	c.ask(warmUp, &decoded{})
	var result decoded
	cpu, wall := cpuUs(), monotonicNs()
	c.ask(count, &result)
	cpu, wall = cpuUs()-cpu, monotonicNs()-wall
	check(json.NewEncoder(os.Stdout).Encode(map[string]interface{}{
		"items": result.items, "cpu_us": cpu, "wall_us": wall / 1000, "peak_kib": used().Maxrss,
		"digest": result.digest(),
	}))
}
