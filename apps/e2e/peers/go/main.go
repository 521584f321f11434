// A relying party on coreos/go-oidc and golang.org/x/oauth2. apps/e2e/peers/lib/program.mjs says what it reads and prints.
package main

import (
	"bufio"
	"context"
	"fmt"
	"net/url"
	"os"
	"strings"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

var answers = bufio.NewScanner(os.Stdin)

func check(name string, holds bool, more string) {
	word := "ok"
	if !holds {
		word = "FAIL"
	}
	fmt.Printf("%s\t%s\t%s\n", word, name, strings.ReplaceAll(more, "\n", " "))
}

// Says what went wrong, and ends: what follows needs it.
func must(name string, err error) {
	if err != nil {
		check(name, false, err.Error())
		os.Exit(1)
	}
	check(name, true, "")
}

// A check that holds for an error that says all of this: the libraries have no types for these errors.
func refuses(name string, err error, says ...string) {
	holds := err != nil
	for _, text := range says {
		holds = holds && strings.Contains(err.Error(), text)
	}
	check(name, holds, fmt.Sprint(err))
}

// Opens an address in the person's browser, and gives where the browser is sent.
func open(address string) url.Values {
	fmt.Printf("open\t%s\n", address)
	if !answers.Scan() {
		os.Exit(1)
	}
	reached, err := url.Parse(answers.Text())
	if err != nil {
		must("is sent back to the client", err)
	}
	return reached.Query()
}

func main() {
	ctx := context.Background()
	provider, err := oidc.NewProvider(ctx, os.Getenv("ISSUER"))
	must("discovers the provider", err)
	var more struct {
		EndSession string `json:"end_session_endpoint"`
	}
	must("reads the logout endpoint", provider.Claims(&more))
	endpoint := provider.Endpoint()
	// Otherwise it tries the other method after each refusal, and shows what that one was answered.
	endpoint.AuthStyle = oauth2.AuthStyleInHeader
	config := oauth2.Config{
		ClientID:     os.Getenv("CLIENT_ID"),
		ClientSecret: os.Getenv("CLIENT_SECRET"),
		Endpoint:     endpoint,
		RedirectURL:  os.Getenv("REDIRECT_URI"),
		Scopes:       []string{oidc.ScopeOpenID, "profile", oidc.ScopeOfflineAccess},
	}

	verifier := oauth2.GenerateVerifier()
	request := config.AuthCodeURL("some-state", oidc.Nonce("some-nonce"), oauth2.S256ChallengeOption(verifier))
	answer := open(request)
	check("gets its state back", answer.Get("state") == "some-state", answer.Encode())
	check("gets the issuer (RFC 9207)", answer.Get("iss") == os.Getenv("ISSUER"), answer.Encode())
	code := answer.Get("code")
	_, err = config.Exchange(ctx, code, oauth2.VerifierOption(oauth2.GenerateVerifier()))
	refuses("is refused with another code_verifier", err, "invalid_grant")

	answer = open(config.AuthCodeURL("again", oidc.Nonce("some-nonce"), oauth2.S256ChallengeOption(verifier)))
	token, err := config.Exchange(ctx, answer.Get("code"), oauth2.VerifierOption(verifier))
	must("redeems the code with PKCE", err)
	raw, _ := token.Extra("id_token").(string)
	tokens := provider.Verifier(&oidc.Config{ClientID: config.ClientID})
	idToken, err := tokens.Verify(ctx, raw)
	must("verifies the ID token", err)
	check("finds its nonce in it", idToken.Nonce == "some-nonce", idToken.Nonce)
	check("finds the hash of the access token in it", idToken.VerifyAccessToken(token.AccessToken) == nil, "")
	_, err = tokens.Verify(ctx, tampered(raw))
	refuses("refuses a tampered ID token", err, "failed to verify id token signature")
	_, err = provider.Verifier(&oidc.Config{ClientID: "another"}).Verify(ctx, raw)
	refuses("refuses the ID token of another client", err, `expected audience "another"`)

	info, err := provider.UserInfo(ctx, oauth2.StaticTokenSource(token))
	must("asks UserInfo", err)
	var profile struct {
		Username string `json:"preferred_username"`
	}
	must("reads UserInfo", info.Claims(&profile))
	check("gets the same person from both", info.Subject == idToken.Subject && profile.Username == os.Getenv("USERNAME"), profile.Username)
	_, err = provider.UserInfo(ctx, oauth2.StaticTokenSource(&oauth2.Token{AccessToken: token.AccessToken + "x"}))
	refuses("is refused UserInfo with a wrong token", err, "401 Unauthorized", "invalid_token")

	refreshed, err := config.TokenSource(ctx, &oauth2.Token{RefreshToken: token.RefreshToken}).Token()
	must("refreshes", err)
	check("gets another access token", refreshed.AccessToken != token.AccessToken, "")
	_, err = config.TokenSource(ctx, &oauth2.Token{RefreshToken: token.RefreshToken + "x"}).Token()
	refuses("is refused a wrong refresh token", err, "invalid_grant")

	silent := config.AuthCodeURL("silent", oauth2.S256ChallengeOption(verifier), oauth2.SetAuthURLParam("prompt", "none"))
	answer = open(silent)
	check("gets a code by prompt=none while the person is logged in", answer.Get("code") != "", answer.Encode())
	logout := url.Values{
		"id_token_hint":            {raw},
		"post_logout_redirect_uri": {os.Getenv("POST_LOGOUT_REDIRECT_URI")},
		"state":                    {"bye"},
	}
	answer = open(more.EndSession + "?" + logout.Encode())
	check("is redirected to after logout, with the state", answer.Get("state") == "bye", answer.Encode())
	answer = open(silent)
	check("gets login_required after that", answer.Get("error") == "login_required", answer.Encode())
}

// The same token with another signature.
func tampered(token string) string {
	dot := strings.LastIndex(token, ".")
	other := "A"
	if token[dot+1] == 'A' {
		other = "B"
	}
	return token[:dot+1] + other + token[dot+2:]
}
