using Callwatch.Testing;
using Microsoft.Playwright;
using Xunit;

namespace Callwatch.Server.Tests.Dashboard.Browser;

/// <summary>The machine's own Chromium, one for all tests. Where there is none, the tests say so and are skipped.</summary>
public sealed class Chromium : IAsyncLifetime
{
    private static readonly string[] Usual = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome", "/snap/bin/chromium"];

    private IPlaywright? playwright;
    private IBrowser? browser;

    public static string? Executable { get; } = Usual.FirstOrDefault(File.Exists);

    public async ValueTask InitializeAsync()
    {
        if (Executable is null) return;
        playwright = await Playwright.CreateAsync();
        browser = await playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions
        {
            ExecutablePath = Executable,
            Timeout = (float)Patience.Long.TotalMilliseconds,
            Args =
            [
                "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
                "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
            ],
        });
    }

    /// <summary>A browser of its own: no cookies, nothing remembered.</summary>
    public async Task<Visitor> VisitorAsync(Uri server, int width = 1440, ColorScheme scheme = ColorScheme.Light, bool script = true, string locale = "en-GB")
    {
        if (browser is null) Assert.Skip("Chromium is not installed, so no page was looked at: apt-get install chromium fonts-noto-cjk");
        var context = await browser.NewContextAsync(new BrowserNewContextOptions
        {
            BaseURL = server.ToString(),
            ViewportSize = new ViewportSize { Width = width, Height = width < 500 ? 844 : 900 },
            ColorScheme = scheme,
            JavaScriptEnabled = script,
            Locale = locale,
        });
        return await Visitor.ComeAsync(context, server);
    }

    public async ValueTask DisposeAsync()
    {
        if (browser is not null) await browser.DisposeAsync();
        playwright?.Dispose();
    }
}
