package mailview_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"html"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fieldwarden/fieldwarden/internal/mailview"
)

// harness shows a mail in frames as wide as a mail client's pane and as a phone, in
// light and in dark, and says how wide the mail made them.
const harness = `<!DOCTYPE html><body style="margin:0">
<iframe id="pane" width="600" height="900" style="border:0" srcdoc="%[1]s"></iframe><iframe id="phone" width="360" height="900" style="border:0" srcdoc="%[1]s"></iframe>
<pre id="figures"></pre><script>
addEventListener("load", () => {
  const figures = {};
  for (const frame of document.querySelectorAll("iframe")) {
    const root = frame.contentDocument.documentElement;
    figures[frame.id] = {wide: root.scrollWidth, frame: frame.contentWindow.innerWidth, high: root.scrollHeight, back: frame.contentWindow.getComputedStyle(frame.contentDocument.querySelector(".card")).backgroundColor};
  }
  document.getElementById("figures").textContent = JSON.stringify(figures);
})</script>`

type figures map[string]struct {
	Wide, Frame, High int
	Back              string
}

var figuresPattern = regexp.MustCompile(`<pre id="figures">(.*?)</pre>`)

// chromium runs the browser on a page; it skips the test where there is none.
func chromium(t *testing.T, page string, arguments ...string) []byte {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("SKIPPED: no chromium on this machine, so nobody looked at the rendered mail")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 90*time.Second)
	defer cancel()
	arguments = append([]string{
		"--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run", "--user-data-dir=" + t.TempDir(), "--window-size=1000,950",
	}, append(arguments, "file://"+page)...)
	command := exec.CommandContext(ctx, path, arguments...)
	var problems bytes.Buffer
	command.Stderr = &problems
	out, err := command.Output()
	require.NoError(t, err, problems.String())
	return out
}

// TestTheDigestLooksRight renders a digest with hostile names in a browser: it is not
// blank, nobody has to scroll sideways, and it follows the reader's colours.
func TestTheDigestLooksRight(t *testing.T) {
	c := digest(plain, 12)
	c.Integrations[0].Objects[1].Fields[0].Field = "A_field_with_a_name_that_has_no_place_to_break_and_goes_on_for_longer_than_a_phone_is_wide__c"
	c.Integrations[0].Objects[1].Fields[1].Field = "\u202eEmail\u202c <b>bold</b> =1+1"
	mail, err := mailview.Digest(c)
	require.NoError(t, err)
	folder := t.TempDir()
	page, picture := filepath.Join(folder, "digest.html"), filepath.Join(folder, "digest.png")
	require.NoError(t, os.WriteFile(page, []byte(fmt.Sprintf(harness, html.EscapeString(mail.HTML))), 0o600))

	measured := func(scheme string) (found figures) {
		dom := chromium(t, page, "--dump-dom", "--blink-settings=preferredColorScheme="+scheme)
		match := figuresPattern.FindSubmatch(dom)
		require.NotNil(t, match)
		require.NoError(t, json.Unmarshal([]byte(html.UnescapeString(string(match[1]))), &found))
		return found
	}
	light, dark := measured("1"), measured("0")
	for id, width := range map[string]int{"pane": 600, "phone": 360} {
		require.Equal(t, width, light[id].Frame)
		require.LessOrEqual(t, light[id].Wide, width, "%s scrolls sideways", id)
		require.Greater(t, light[id].High, 900)
		require.Equal(t, "rgb(255, 255, 255)", light[id].Back)
		require.Equal(t, "rgb(27, 34, 43)", dark[id].Back)
	}

	chromium(t, page, "--screenshot="+picture, "--blink-settings=preferredColorScheme=1")
	if keep := os.Getenv("FIELDWARDEN_TEST_SCREENSHOT"); keep != "" {
		shot, err := os.ReadFile(picture)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(keep, shot, 0o600))
	}
	file, err := os.Open(picture)
	require.NoError(t, err)
	defer func() { require.NoError(t, file.Close()) }()
	shot, err := png.Decode(file)
	require.NoError(t, err)
	colours := map[[3]uint32]int{}
	for y := range 900 {
		for x := range 960 {
			r, g, b, _ := shot.At(x, y).RGBA()
			colours[[3]uint32{r >> 8, g >> 8, b >> 8}]++
		}
	}
	require.Positive(t, colours[[3]uint32{0xb9, 0x1c, 0x1c}], "the mark of a critical loss")
	require.Positive(t, colours[[3]uint32{0x11, 0x18, 0x27}], "text")
	require.Greater(t, len(colours), 50, "smooth letters have many shades")
}
