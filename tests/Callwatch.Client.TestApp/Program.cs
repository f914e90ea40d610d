using Callwatch.Client;
using Callwatch.Client.TestApp;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

// A worker without anything of the web, as a process of its own: to be started, loaded and stopped by tests.
var builder = Host.CreateApplicationBuilder(args);
if (!args.Contains("--without")) builder.AddCallwatch();
if (args.Contains("--busy")) builder.Services.AddHostedService<BusyWork>();
if (args.Contains("--once")) builder.Services.AddHostedService<OneRound>();
builder.Services.AddHostedService<Greeting>();
await builder.Build().RunAsync();
return Greeting.ExitCode;
