namespace Callwatch.Cli.Showing;

/// <summary>One line on standard error that says how far it is, where a person looks on; nothing in a file or a pipe.</summary>
internal sealed class ProgressLine : IDisposable
{
    private readonly bool seen = !Console.IsErrorRedirected && Screen.HasColours;
    private string shown = "";

    public void Show(string text)
    {
        if (!seen) return;
        var line = Plain.Cut(text, Math.Min(Screen.Width, 100) - 1);
        if (line == shown) return;
        Console.Error.Write("\r\u001b[K" + line);
        shown = line;
    }

    public void Dispose()
    {
        if (shown.Length > 0) Console.Error.Write("\r\u001b[K");
        shown = "";
    }
}
